// Tells screen readers a text once it has stayed the same for a moment: a video's reading changes often.
const STEADY = 1000  // ms

export default function ({ parentElement, data }) {
  let status = parentElement.querySelector(".announced")
  if (!status) {
    // It must be there before its first text, or nothing is said.
    status = document.createElement("p")
    status.className = "announced"
    status.setAttribute("role", "status")
    status.setAttribute("aria-live", "polite")
    parentElement.append(status)
  }
  if (status.next === data.text) return
  status.next = data.text
  clearTimeout(status.timer)
  status.timer = setTimeout(() => { status.textContent = data.text }, STEADY)
}
