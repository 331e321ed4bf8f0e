// Inside a frame of another site, browsers block the camera and the cookie that uploads need.
function inForeignFrame() {
  if (window.top === window) return false
  try {
    return window.top.location.origin !== location.origin
  } catch {
    return true  // Its address may not be read.
  }
}

export default function ({ parentElement }) {
  if (!inForeignFrame() || parentElement.querySelector("a")) return
  const note = document.createElement("p"), link = document.createElement("a")
  note.className = "framed"
  link.textContent = "Open it by itself"
  Object.assign(link, { href: location.href, target: "_blank", rel: "noopener" })
  // The page may have changed since.
  link.addEventListener("click", () => { link.href = location.href })
  note.append("Another site shows this page: uploads and the camera may be blocked here. ", link, ".")
  parentElement.append(note)
}
