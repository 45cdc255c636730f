"""Writes docs/guide/community_journeys.md: what students type and see, and the pages as pictures.

    python benchmarks/journeys.py

Every line is a real command against a real server, which it starts; the pictures are of the same
pages in Chromium. Needs tito-bench and tito-bench-server beside the Python that runs it, and the
extra `browser`. Sixty of the members are made up, so that there is something to count.
"""

from __future__ import annotations

import io
import json
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from serving import command, running_process
from test_journey import Host, Student
from tito_bench_server.store import tables
from world import add_members

_ROOT = Path(__file__).resolve().parents[2]
_IMAGES = _ROOT / "docs" / "images"
_PAGE = _ROOT / "docs" / "guide" / "community_journeys.md"
_PORT = "8400"
_PLACE = "--language en --utc 1"
_LONGEST = 400  # characters of a line of bytes; the rest is said to be left out
_DESKTOP, _PHONE = (1000, 760), (390, 780)
_TITLE = """# Journeys: what students type, and what they see

Written by `python benchmarks/journeys.py` in `server/`: every command ran, against a server on
the same machine, and every picture is of its pages. Ada, Ben and Cem are three students of a course
whose other members are made up. What each command means is in [community.md](community.md); how to
host such a course, in [hosting.md](hosting.md).
"""


@dataclass
class Person:
    """A student whose commands are written down."""

    name: str
    student: Student
    lines: list[str]

    def types(self, line: str, *, status: int = 0) -> str:
        """Run a line and write it down with what it printed."""
        done = self.student.run(*shlex.split(line)[1:])
        assert done.returncode == status, (line, done.stdout, done.stderr)
        printed = (done.stdout + done.stderr).rstrip()
        self.lines.append(f"{self.name}$ {line}")
        self.lines += [_shortened(one) for one in printed.splitlines()]
        self.lines.append("")
        return printed


def _shortened(line: str) -> str:
    line = line.rstrip()
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST]} ... ({len(line) - _LONGEST} more characters)"


@dataclass
class Story:
    """A section of the page."""

    title: str
    words: str
    lines: list[str] = field(default_factory=list)

    def written(self, places: dict[str, str]) -> str:
        text = "\n".join(self.lines).rstrip()
        for place, shown in places.items():
            text = text.replace(place, shown)
        return f"\n## {self.title}\n\n{self.words}\n\n```text\n{text}\n```\n"


def _people(host: Host) -> None:
    """Put sixty in who joined a week ago, and release the tables."""
    rng = random.Random(4)
    cohort = host.rows(tables.cohort)[0].id
    countries = ["KE"] * 14 + ["IN"] * 12 + ["DE"] * 11 + ["BR"] * 9 + ["US"] * 8 + ["SG"] * 6
    people = [
        {
            "cohort_id": cohort,
            "country": country,
            "modules": rng.choice((0, 2, 4, 7, 8, 9, 12, 14, 18, 20)),
            "milestones": rng.randrange(5),
            "course_type": 1 + rng.randrange(3),
            "capstone": rng.uniform(30, 95),
        }
        for country in countries
    ]
    database = host.database()
    add_members(database, people, joined=datetime.now(UTC).date() - timedelta(days=7))
    database.close()
    done = command("release", "--now", cwd=host.folder)
    assert done.returncode == 0, done.stderr


def _finished(student: Student, modules: int) -> None:
    """Write the course's own note of modules that are finished."""
    folder = student.project / ".tito"
    folder.mkdir()
    names = [f"{number:02d}" for number in range(1, modules + 1)]
    (folder / "progress.json").write_text(json.dumps({"completed_modules": names}))


def _id(printed: str) -> str:
    found = re.search(r"(?:is|Match|show) ([a-z2-7]{16})\b", printed)
    assert found is not None, printed
    return found[1]


def _alone(host: Host, ada: Person, connect: str) -> Story:
    story = Story(
        "Connect, join, see how far the cohort is",
        "Nothing is sent before its exact bytes were shown.",
    )
    ada.lines = story.lines
    ada.types(connect)
    ada.types("tito-bench community join --country Kenya --cohort 'Fall 2026' --share")
    ada.types(
        "tito-bench benchmark baseline --quick --subject numpy --time-budget 60 --skip-submit"
    )
    ada.types("tito-bench community submit latest --anonymous-id --share --yes")
    _people(host)
    _until(ada.student, "tito-bench community map", "as of")
    ada.types("tito-bench community map")
    ada.types("tito-bench community cohort --bands")
    return story


def _until(student: Student, line: str, said: str) -> None:
    until = time.monotonic() + 60
    while said not in student.type(line):
        assert time.monotonic() < until, said
        time.sleep(1)


def _group(ada: Person, ben: Person, cem: Person) -> tuple[Story, str]:
    story = Story(
        "A group of three",
        "The contact is shown to those whom Ada lets in, and to nobody else.",
    )
    for one in (ada, ben, cem):
        one.lines = story.lines
    new = f"tito-bench community groups new --modules 5-8 {_PLACE} --places 3"
    group = _id(ada.types(f"{new} --contact https://chat.example/invite/tea --yes"))
    for guest in (ben, cem):
        guest.types(f"tito-bench community groups find --modules 5-6 {_PLACE}")
        guest.types(f"tito-bench community groups ask {group} {_PLACE} --yes")
        ada.types("tito-bench community inbox")
        shown = ada.types(f"tito-bench community groups show {group}")
        (handle,) = re.findall(r"(\w+-\w+-\w+)\s+asks to join", shown)
        ada.types(f"tito-bench community groups answer {group} {handle} --yes")
        guest.types(f"tito-bench community groups show {group}")
    return story, group


def _mentor(ada: Person, ben: Person) -> Story:
    story = Story(
        "A learner and a mentor", "Both say yes, and then each sees what the other wrote."
    )
    ada.lines = ben.lines = story.lines
    ada.types(f"tito-bench community mentors offer {_PLACE} --yes")
    ben.types(f"tito-bench community mentors find --module 5 {_PLACE} --yes")
    match = _id(ben.types("tito-bench community mentors"))
    answer = f"tito-bench community mentors answer {match} --yes --contact"
    ada.types(f"{answer} ada-on-chat.example")
    ben.types("tito-bench community mentors")
    ben.types(f"{answer} ben-on-chat.example")
    ada.types("tito-bench community mentors")
    return story


def _block(ben: Person, cem: Person, group: str) -> Story:
    story = Story("A block, and taking it back", "The other is not told.")
    ben.lines = cem.lines = story.lines
    me = json.loads(cem.student.type(f"tito-bench community groups show {group} --json"))
    handle = me["groups"]["handle"]
    ben.types(f"tito-bench community block seat {handle} --group {group} --yes")
    ben.types(f"tito-bench community groups show {group}")
    cem.types("tito-bench community inbox")
    block = re.search(
        r"^\s*([a-z2-7]{16})\b", ben.types("tito-bench community blocks"), re.MULTILINE
    )
    assert block is not None
    ben.types(f"tito-bench community unblock {block[1]} --yes")
    return story


def _leaving(ada: Person, ben: Person, group: str) -> Story:
    story = Story("Leaving erases all of it", "Ada's group and match end for the others, too.")
    ada.lines = ben.lines = story.lines
    ada.types("tito-bench community leave --force")
    ben.types("tito-bench community inbox")
    ben.types(f"tito-bench community groups show {group}", status=1)
    return story


def _take(browser: Browser, name: str, url: str, size: tuple[int, int], *, dark: bool = False,
          link: str | None = None) -> int:  # fmt: skip
    """Take a picture of the top of a page; return its bytes."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
    )
    page = context.new_page()
    if link is not None:
        page.goto(link)
        page.wait_for_url("**/cohort")
    page.goto(url)
    raw = page.screenshot()
    context.close()
    target = _IMAGES / f"{name}.webp"
    with Image.open(io.BytesIO(raw)) as picture:
        picture.convert("RGB").save(target, quality=50, method=6)
    return target.stat().st_size


def _pictures(course: str, ada: Student, group: str) -> str:
    def link() -> str:
        said = ada.type("tito-bench community open --print")
        found = re.search(r"http\S+#\S+", said)
        assert found is not None, said
        return found[0]

    rows: list[tuple[str, str, tuple[int, int], bool, bool, str]] = [
        ("community-map", "map", _DESKTOP, False, False, "The map: a bubble a country, a table"),
        ("community-map-phone", "map", _PHONE, False, False, "The map on a phone"),
        ("community-cohort-dark", "cohort", _DESKTOP, True, True, "The cohort in dark colours"),
        ("community-groups", "groups", _DESKTOP, False, True, "Study groups"),
        ("community-group-phone", f"groups/{group}", _PHONE, True, True, "A group, on a phone"),
        ("community-mentors", "mentors", _DESKTOP, False, True, "A mentor's page"),
    ]
    text = "\n## The pages\n\nThe same by mouse or keyboard: `tito-bench community open`.\n"
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for name, path, size, dark, member, words in rows:
            taken = _take(
                browser,
                name,
                f"{course}/{path}",
                size,
                dark=dark,
                link=link() if member else None,
            )
            print(f"{name}.webp: {taken / 1000:.0f} kB")
            width = 190 if size == _PHONE else 520
            text += f'\n<img src="../images/{name}.webp" width="{width}" alt="{words}">\n'
        browser.close()
    return text


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        host = Host(folder / "host")
        host.folder.mkdir()
        done = command("init", "--name", "Machine Learning Systems", cwd=host.folder)
        assert done.returncode == 0, done.stderr
        people = {one: Student.at(folder / one) for one in ("ada", "ben", "cem")}
        ada, ben, cem = (Person(one, student, []) for one, student in people.items())
        for one, modules in ((ada, 11), (ben, 4), (cem, 5)):
            _finished(one.student, modules)
        with running_process(host.folder, "--port", _PORT) as running:
            (course,) = running.courses
            lines = re.findall(r"^ {4}(tito-bench .*)$", running.greeting, re.MULTILINE)
            connect, join = lines
            hosting = Story("Host a course", "On a machine of the instructor's.")
            hosting.lines = [
                '$ tito-bench server init --name "Machine Learning Systems"',
                *done.stdout.rstrip().splitlines(),
                "",
                "$ tito-bench server run",
                *running.greeting.rstrip().splitlines(),
            ]
            stories = [hosting, _alone(host, ada, connect)]
            for one in (ben, cem):
                one.student.type(connect)
                one.student.type(join)
            story, group = _group(ada, ben, cem)
            stories += [story, _mentor(ada, ben)]
            pictures = _pictures(course, ada.student, group)
            stories += [_block(ben, cem, group), _leaving(ada, ben, group)]
            assert running.stop() in {0, 143}
        places: dict[str, str] = {str(host.folder): "~/host"}
        places |= {str(one.project): f"~{name}" for name, one in people.items()}
    text = _TITLE + "".join(one.written(places) for one in stories) + pictures
    _PAGE.write_text(text, encoding="utf-8")
    print(f"{_PAGE.relative_to(_ROOT)}: {len(text.encode()) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
