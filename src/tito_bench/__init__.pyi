from tito_bench.api import (
    baseline as baseline,
)
from tito_bench.api import (
    bench as bench,
)
from tito_bench.api import (
    compare as compare,
)
from tito_bench.api import (
    history as history,
)
from tito_bench.api import (
    run_capstone as run_capstone,
)
from tito_bench.api import (
    run_explain as run_explain,
)

__version__: str
