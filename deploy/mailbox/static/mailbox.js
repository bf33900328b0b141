// Renews the list when mail arrives; without scripts the page reloads itself.
const inbox = document.getElementById("inbox");
const query = inbox.dataset.to ? "?to=" + encodeURIComponent(inbox.dataset.to) : "";
const arrivals = new EventSource("/events");
arrivals.onmessage = async () => {
  const answer = await fetch("/rows" + query);
  if (answer.ok) inbox.innerHTML = await answer.text();
};
