// Saves a file in the visitor's browser.
export default function (component) {
  const { data, setTriggerValue } = component
  // Save each file once, even if this component renders again.
  const saved = window.digitLabSaved ??= {}
  if (data.number > (saved[data.button] ?? 0)) {
    saved[data.button] = data.number
    const content = Uint8Array.from(atob(data.content), (character) => character.charCodeAt(0))
    // Browsers limit the length of data URLs.
    const url = URL.createObjectURL(new Blob([content], { type: data.mime }))
    const link = document.createElement("a")
    link.download = data.name
    link.href = url
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), 60000)
  }
  setTriggerValue("saved", data.number)
}
