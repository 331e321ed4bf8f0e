// A button for each picture; reports the one that is pressed.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const known = JSON.stringify(data.pictures)
  let grid = parentElement.querySelector(".gallery")
  // Rebuilt only if the pictures change: a pressed button keeps the focus.
  if (grid?.known !== known) {
    grid?.remove()
    grid = document.createElement("div")
    grid.className = "gallery"
    grid.known = known
    for (const { id, src, caption, alt } of data.pictures) {
      const button = document.createElement("button")
      const image = document.createElement("img")
      image.src = src
      image.alt = alt
      button.dataset.id = id
      button.title = alt
      button.append(image, caption)
      button.onclick = () => setTriggerValue("picked", id)
      grid.append(button)
    }
    parentElement.append(grid)
  }
  for (const button of grid.children) {
    button.setAttribute("aria-pressed", Number(button.dataset.id) === data.chosen)
  }
}
