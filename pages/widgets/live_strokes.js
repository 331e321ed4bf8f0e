// Reads the drawing while the pointer is down, over the socket `live/strokes` (pages/server/strokes.py).
//
// One message is under way at a time, and the next one has the newest drawing. What comes back covers
// the page's reading until the page has read the finished stroke itself: the number until the page's
// own arrives, the cards until the run of the page ends. Without a socket nothing is shown, and the
// page works as it does without this file.

// Around the ink, px: ink at the border counts as cut off. Of 400 pen strokes, drawn at any size, none
// was read differently than on the whole canvas; with 4 px 14 were.
const MARGIN = 8
const MAX_HEIGHT = 280
// The reading of an unfinished stroke disappears after this time in any case, ms.
const PATIENCE = 3000
// Between two attempts to connect, ms; doubled after each one that fails.
const FIRST_WAIT = 250, LONGEST_WAIT = 30000
const SVG = "http://www.w3.org/2000/svg"
const PLOT = { left: 32, right: 156, top: 4, bottom: 126 }

const scratch = document.createElement("canvas")
const context = scratch.getContext("2d", { willReadFrequently: true })

function makeElement(name, className, parent) {
  const element = document.createElement(name)
  element.className = className
  parent.append(element)
  return element
}

function makeShape(name, attributes, parent) {
  const shape = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value)
  parent.append(shape)
  return shape
}

// The canvas's parts: fabric.js has finished strokes on the lower one, the current one on the upper.
function findCanvas() {
  for (const element of document.querySelectorAll(".st-key-canvas *")) {
    const upper = element.shadowRoot?.querySelector("canvas.upper-canvas")
    if (upper) return { root: element.shadowRoot, upper }
  }
  return null
}

// The drawing as a message, cut to its ink; null if there is none.
function takeDrawing({ root, upper }) {
  const scale = Math.min(1, MAX_HEIGHT / upper.height)
  const width = Math.round(upper.width * scale), height = Math.round(upper.height * scale)
  if (scratch.width !== width || scratch.height !== height) Object.assign(scratch, { width, height })
  context.fillStyle = "#000"
  context.fillRect(0, 0, width, height)
  for (const layer of root.querySelectorAll("canvas.dc-canvas")) {
    context.drawImage(layer, 0, 0, width, height)
  }
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)
  const BLACK = 0xff000000
  let left = width, right = -1, top = -1, bottom = -1
  for (let y = 0, index = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      if (pixels[index] === BLACK) continue
      if (top < 0) top = y
      bottom = y
      if (x < left) left = x
      if (x > right) right = x
    }
  }
  if (right < 0) return null
  left = Math.max(0, left - MARGIN)
  top = Math.max(0, top - MARGIN)
  const columns = Math.min(width, right + MARGIN + 1) - left
  const rows = Math.min(height, bottom + MARGIN + 1) - top
  const message = new Uint8Array(8 + columns * rows)
  message.set([0x47, 0x52, 0x45, 0x59, columns >> 8, columns & 255, rows >> 8, rows & 255])  // GREY
  for (let y = 0, place = 8; y < rows; y++) {
    const start = (top + y) * width + left
    for (let x = 0; x < columns; x++) message[place++] = pixels[start + x] & 255
  }
  return { message, left, top }
}

// The reading of an unfinished stroke: the number in the page's large type, and a card for each digit
// that has the size of the page's own.
class Panel {
  constructor(parent) {
    this.root = makeElement("div", "live_strokes", parent)
    this.status = makeElement("p", "said", this.root)
    this.status.setAttribute("role", "status")
    this.status.setAttribute("aria-live", "polite")
    const part = makeElement("div", "unfinished", this.root)
    part.setAttribute("aria-hidden", "true")
    this.caption = makeElement("p", "caption", part)
    this.row = makeElement("div", "cards", part)
    this.cards = []
  }

  get shown() { return this.root.classList.contains("on") }

  get number() { return document.querySelector(".st-key-reading .live") }

  hide() {
    this.root.classList.remove("on")
    this.number?.replaceChildren()
  }

  show(answer, origin, { colors, most }) {
    const number = this.number
    // The first point of a stroke is too small to be a digit: the hint stays until there is one.
    if (!number || !(answer.digits.length || this.shown)) return
    number.replaceChildren(...answer.digits.map((digit) => {
      const text = document.createElement("span")
      text.textContent = digit.is_digit ? digit.label : "?"
      if (!digit.is_digit) text.className = "non_digit"
      return text
    }))
    this.caption.textContent = `Read in ${answer.milliseconds.toFixed(1)} ms by ${answer.model}.`
    const digits = answer.digits.slice(0, most)
    while (this.cards.length < digits.length) this.cards.push(this.makeCard())
    this.cards.forEach((card, place) => {
      card.root.hidden = place >= digits.length
      if (!card.root.hidden) this.fill(card, digits[place], origin, colors)
    })
    this.root.classList.add("on")
  }

  makeCard() {
    const root = makeElement("div", "card", this.row)
    const head = makeElement("div", "head", root)
    const picture = makeElement("canvas", "", head)
    Object.assign(picture, { width: 28, height: 28 })
    const text = makeElement("p", "", head)
    const title = makeElement("strong", "", text), confidence = makeElement("span", "", text)
    const chart = makeShape("svg", { viewBox: "0 0 158 150", width: 158, height: 150 }, root)
    for (const share of [0, 0.5, 1]) {
      const y = PLOT.bottom - share * (PLOT.bottom - PLOT.top)
      makeShape("line", { x1: PLOT.left, x2: PLOT.right, y1: y, y2: y }, chart)
      const label = makeShape("text", { x: PLOT.left - 8, y: y + 4, "text-anchor": "end" }, chart)
      label.textContent = `${100 * share}%`
    }
    const step = (PLOT.right - PLOT.left) / 10
    const bars = Array.from({ length: 10 }, (_, digit) => {
      const x = PLOT.left + digit * step
      const label = { x: x + step / 2, y: PLOT.bottom + 18, "text-anchor": "middle" }
      makeShape("text", label, chart).textContent = digit
      return makeShape("rect", { x: x + 0.125 * step, width: 0.75 * step }, chart)
    })
    return { root, picture, title, confidence, bars }
  }

  fill(card, digit, origin, colors) {
    card.title.textContent = digit.is_digit ? digit.label : "Not a digit"
    const percent = `${(100 * digit.confidence).toFixed(1)}%`
    card.confidence.textContent = digit.is_digit ? percent : `${digit.label}? ${percent}`
    digit.probabilities.forEach((share, place) => {
      const high = share * (PLOT.bottom - PLOT.top)
      card.bars[place].setAttribute("y", PLOT.bottom - high)
      card.bars[place].setAttribute("height", high)
      card.bars[place].setAttribute("fill", place === digit.label ? colors[0] : colors[1])
    })
    const [left, top, width, height] = digit.box
    const scale = 20 / Math.max(width, height)
    const paper = card.picture.getContext("2d")
    paper.imageSmoothingQuality = "high"
    paper.fillRect(0, 0, 28, 28)
    paper.drawImage(scratch, origin.left + left, origin.top + top, width, height,
      14 - (width * scale) / 2, 14 - (height * scale) / 2, width * scale, height * scale)
  }
}

class LiveStrokes {
  constructor(parent) {
    this.panel = new Panel(parent)
    this.socket = null
    this.wait = FIRST_WAIT
    this.nextAttempt = 0
    this.canvas = null  // while the pointer is down
    this.waiting = null  // the drawing that is being read
    this.changed = false
    this.drawn = 0  // strokes that the page has read, also those removed since
    this.unread = 0  // strokes that have ended since
    const onStart = (event) => this.start(event)
    const onMove = () => this.canvas && this.change()
    const onEnd = (event) => this.canvas && event.pointerId === this.pointer && this.end()
    // In the bubbling phase, after the canvas itself has drawn the move.
    this.listeners = [
      ["pointerdown", onStart, true], ["mousemove", onMove, false], ["touchmove", onMove, false],
      ["pointerup", onEnd, false], ["pointercancel", onEnd, false],
      ["keydown", () => { this.unread = 0 }, true],
    ]
    for (const [name, listen, capture] of this.listeners) {
      window.addEventListener(name, listen, capture)
    }
    this.naming = setInterval(() => this.nameCanvas(), 300)
  }

  // Called at each run of the page: it has read the strokes in `data`.
  update(data) {
    const other = this.data && (data.model !== this.data.model || data.session !== this.data.session)
    const read = data.drawn - this.drawn
    // Fewer: another session, whose page has nothing to wait for.
    this.unread = read < 0 ? 0 : Math.max(0, this.unread - read)
    this.drawn = data.drawn
    this.data = data
    const said = data.said && `Read: ${data.said}`
    if (this.panel.status.textContent !== said) this.panel.status.textContent = said
    if (other) this.disconnect()
    if (other && this.canvas) this.change()
    if (!this.canvas && !this.unread) this.settle()
  }

  nameCanvas() {
    const found = findCanvas()
    if (!found) return
    clearInterval(this.naming)
    found.upper.setAttribute("role", "img")
    found.upper.setAttribute("aria-label",
      "Canvas: draw digits with a mouse, a pen or a finger. Keys: P reads, Z undoes, C clears.")
  }

  start(event) {
    const found = findCanvas()
    const edit = found?.root.querySelector("button[aria-label=Edit][aria-pressed=true]")
    if (!found || edit || !this.data.live || event.button || !event.composedPath().includes(found.upper)) {
      this.unread = 0  // a button, such as Clear: the next run of the page counts
      return
    }
    if (this.canvas) return  // a second finger
    this.canvas = found
    this.pointer = event.pointerId
    clearTimeout(this.timer)
    setTimeout(() => this.change())  // after the canvas has drawn the first point
  }

  end() {
    this.unread += 1
    this.canvas = null
    this.changed = false  // the page reads the finished stroke; another reading would delay it
    this.timer = setTimeout(() => this.settle(), PATIENCE)
  }

  settle() {
    clearTimeout(this.timer)
    this.unread = 0
    this.changed = false
    if (this.waiting) this.waiting.stale = true
    this.panel.hide()
  }

  change() {
    this.changed = true
    this.send()
  }

  send() {
    if (this.waiting || !this.changed) return
    if (this.socket?.readyState !== WebSocket.OPEN) return this.connect()
    const canvas = this.canvas ?? findCanvas()
    const drawing = canvas && takeDrawing(canvas)
    this.changed = false
    if (!drawing) return
    this.waiting = drawing
    this.socket.send(drawing.message)
  }

  receive(answer) {
    const drawing = this.waiting
    this.waiting = null
    const strokes = this.drawn + this.unread + (this.canvas ? 1 : 0)
    const page = Number(this.panel.number?.dataset.drawn)  // what the page's own number has read
    if (drawing && !drawing.stale && answer.digits && page < strokes) {
      this.panel.show(answer, drawing, this.data)
    }
    this.send()
  }

  connect() {
    if (this.socket || performance.now() < this.nextAttempt) return
    const address = new URL("live/strokes", document.baseURI)
    address.protocol = address.protocol.replace("http", "ws")
    address.search = new URLSearchParams({ session: this.data.session, model: this.data.model })
    const socket = this.socket = new WebSocket(address)
    socket.onopen = () => {
      this.wait = FIRST_WAIT
      this.send()
    }
    socket.onmessage = (event) => this.receive(JSON.parse(event.data))
    socket.onclose = () => {
      if (socket !== this.socket) return
      this.disconnect()
      this.nextAttempt = performance.now() + this.wait
      setTimeout(() => this.canvas && this.send(), this.wait)
      this.wait = Math.min(LONGEST_WAIT, 2 * this.wait)
      if (this.canvas) this.changed = true
    }
  }

  disconnect() {
    const socket = this.socket
    this.socket = this.waiting = null
    socket?.close()
  }

  remove() {
    for (const [name, listen, capture] of this.listeners) {
      window.removeEventListener(name, listen, capture)
    }
    clearInterval(this.naming)
    clearTimeout(this.timer)
    this.canvas = null
    this.disconnect()
    this.panel.root.remove()
  }
}

// Streamlit calls the function below at each run of the page, in the same element.
const known = new WeakMap()

export default function ({ parentElement, data }) {
  if (!known.has(parentElement)) known.set(parentElement, new LiveStrokes(parentElement))
  known.get(parentElement).update(data)
  return () => {
    known.get(parentElement)?.remove()
    known.delete(parentElement)
  }
}
