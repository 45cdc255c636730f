// Trade the token of the link, which stands in the fragment and so reached no server yet,
// for a session; then go where members may look.
const state = document.getElementById("state");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
const answer = await fetch(state.dataset.session, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ token }),
}).catch(() => null);
if (answer?.ok) location.replace(state.dataset.next);
else state.textContent = state.dataset.failed;
