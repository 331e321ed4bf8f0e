// Shows the camera, sends its frames, cut to the region of interest, over the socket `live/video`
// (pages/server/video.py), and draws what comes back over the video.
//
// One frame is under way at a time, and the next one is the camera's newest. The settings come with
// each answer; the page shows the reading, its probabilities and the ink beside the video.

// At this quality, a number at the usual size is read as it is without compression.
const QUALITY = 0.85
// The longer side of what is sent, px: the usual camera's. Any JPEG file of that size is below 1 MB.
const LONGEST_SIDE = 640
// What was read disappears if no answer has come for this time, ms, as on the page.
const STALE = 2000
// Between two attempts to connect, ms; doubled after each one that fails.
const FIRST_WAIT = 250, LONGEST_WAIT = 5000
// After a frame that the server could not read, ms.
const PAUSE = 250
const WHITE = "#fff", DARK = "rgb(16, 20, 24)"

function makeElement(name, className, parent, text = "") {
  const element = document.createElement(name)
  element.className = className
  element.textContent = text
  parent.append(element)
  return element
}

// The region in pixels of a frame: inside it, and at least one. As `roi_in_pixels` of the server.
function inPixels([left, top, width, height], wide, high) {
  const x = Math.min(wide - 1, Math.round(left * wide)), y = Math.min(high - 1, Math.round(top * high))
  const right = Math.min(wide, Math.round((left + width) * wide))
  const bottom = Math.min(high, Math.round((top + height) * high))
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) }
}

function drawBox(context, { x, y, width, height }, color, line) {
  for (const [style, thick] of [[DARK, line + 2], [color, line]]) {
    Object.assign(context, { strokeStyle: style, lineWidth: thick })
    context.strokeRect(x, y, width, height)
  }
}

// A text on a dark plate whose lower left corner is at (x, y), moved into the picture.
function drawPlate(context, text, x, y, size, color) {
  const { width: wide, height: high } = context.canvas
  context.font = `600 ${size}px ${getComputedStyle(context.canvas).fontFamily || "sans-serif"}`
  const pad = size / 4, width = context.measureText(text).width + 2 * pad, height = 1.3 * size
  const left = Math.max(0, Math.min(x, wide - width)), top = Math.max(0, Math.min(y - height, high - height))
  context.fillStyle = DARK
  context.fillRect(left, top, width, height)
  Object.assign(context, { fillStyle: color, textBaseline: "middle" })
  context.fillText(text, left + pad, top + 0.54 * height)
}

class LiveVideo {
  constructor(parent, data, report) {
    this.data = data
    this.report = report
    this.roi = data.roi
    this.mirror = data.mirror
    this.stream = this.socket = this.waiting = this.answer = null
    this.attempt = 0  // the number of the latest press of Start or Stop
    this.wait = FIRST_WAIT
    this.frame = null  // the time of the newest frame that was not sent, s
    this.piece = new OffscreenCanvas(1, 1)
    this.build(parent)
    this.resizing = new ResizeObserver(() => this.draw())
    this.resizing.observe(this.screen)
    if (data.start) this.start()
  }

  build(parent) {
    this.root = makeElement("div", "live_video", parent)
    this.screen = makeElement("div", "screen", this.root)
    makeElement("span", "symbol", this.screen, "videocam").setAttribute("aria-hidden", "true")
    this.video = makeElement("video", "", this.screen)
    Object.assign(this.video, { muted: true, playsInline: true })
    this.overlay = makeElement("canvas", "", this.screen)
    this.overlay.setAttribute("role", "img")
    this.problem = makeElement("p", "problem", this.root)
    this.problem.setAttribute("role", "alert")
    const row = makeElement("div", "buttons", this.root)
    this.button = makeElement("button", "primary", row)
    this.button.onclick = () => this.stream ? this.stop() : this.start()
    this.saving = makeElement("button", "", row)
    makeElement("span", "symbol", this.saving, "photo_camera").setAttribute("aria-hidden", "true")
    this.saving.append("Save snapshot")
    this.saving.onclick = () => this.save()
    this.cameras = makeElement("select", "", row)
    this.cameras.setAttribute("aria-label", this.data.texts.select_device)
    this.cameras.onchange = () => this.start()
    this.show()
  }

  update(data) {
    this.data = data
    if (!this.stream) Object.assign(this, { roi: data.roi, mirror: data.mirror })
    this.draw()
  }

  // Show what belongs to the present state.
  show() {
    const running = Boolean(this.stream)
    this.root.classList.toggle("running", running)
    this.button.textContent = running ? this.data.texts.stop : this.data.texts.start
    this.saving.hidden = !running
    this.cameras.hidden = !running || this.cameras.options.length < 2
    this.draw()
  }

  async start() {
    const attempt = ++this.attempt, texts = this.data.texts
    this.release()
    this.problem.textContent = ""
    const devices = navigator.mediaDevices
    if (!devices?.getUserMedia) return this.fail(texts.media_api_not_available)
    const asking = setTimeout(() => { this.problem.textContent = texts.device_ask_permission }, 1000)
    const chosen = this.cameras.value ? { deviceId: { exact: this.cameras.value } } : {}
    this.connect()
    let stream
    try {
      stream = await devices.getUserMedia({ video: { ...this.data.camera, ...chosen }, audio: false })
    } catch (error) {
      if (attempt !== this.attempt) return
      const denied = ["NotAllowedError", "SecurityError"].includes(error.name)
      return this.fail(denied ? texts.device_access_denied : texts.device_not_available)
    } finally {
      clearTimeout(asking)
    }
    if (attempt !== this.attempt) return stream.getTracks().forEach((track) => track.stop())
    this.problem.textContent = ""
    this.stream = stream
    this.video.srcObject = stream
    this.video.play().catch(() => null)  // it is stopped before it has begun
    this.report("on")
    this.watch(attempt)
    this.show()
    await this.listCameras(stream)
  }

  async listCameras(stream) {
    const found = await navigator.mediaDevices.enumerateDevices()
    const used = stream.getVideoTracks()[0].getSettings().deviceId
    const cameras = found.filter((device) => device.kind === "videoinput")
    this.cameras.replaceChildren(...cameras.map((camera, place) =>
      new Option(camera.label || `Camera ${place + 1}`, camera.deviceId, false, camera.deviceId === used)))
    this.show()
  }

  fail(problem) {
    this.stop()
    this.problem.textContent = problem
  }

  stop() {
    this.attempt += 1
    this.release()
    this.report("off")
    this.show()
  }

  release() {
    this.stream?.getTracks().forEach((track) => track.stop())
    this.stream = this.video.srcObject = this.frame = null
    clearTimeout(this.fading)
    this.disconnect()
    this.forget()
  }

  // Note each new frame of the camera, and send it if none is under way.
  watch(attempt) {
    const next = (_, { mediaTime } = { mediaTime: this.video.currentTime }) => {
      if (attempt !== this.attempt) return
      if (mediaTime !== this.seen) {
        this.seen = this.frame = mediaTime
        this.send()
      }
      if (this.video.requestVideoFrameCallback) this.video.requestVideoFrameCallback(next)
      else requestAnimationFrame(() => next())
    }
    next()
  }

  async send() {
    if (this.waiting || this.frame === null || !this.stream || !this.video.videoWidth) return
    if (this.socket?.readyState !== WebSocket.OPEN) return this.connect()
    const socket = this.socket, frame = this.takeRegion()
    this.waiting = frame
    const head = new DataView(new ArrayBuffer(4))
    head.setUint32(0, Math.max(0, Math.round(1000 * this.frame)) % 2 ** 32)
    this.frame = null
    const file = await this.piece.convertToBlob({ type: "image/jpeg", quality: QUALITY })
    if (socket === this.socket && socket.readyState === WebSocket.OPEN) socket.send(new Blob([head, file]))
  }

  // The newest frame's region on `piece`; its place in the shown frame, and its scale.
  takeRegion() {
    const wide = this.video.videoWidth, high = this.video.videoHeight
    const region = inPixels(this.roi, wide, high), { mirror } = this
    const left = mirror ? wide - region.x - region.width : region.x
    const scale = Math.min(1, LONGEST_SIDE / Math.max(region.width, region.height))
    this.piece.width = Math.max(1, Math.round(scale * region.width))
    this.piece.height = Math.max(1, Math.round(scale * region.height))
    const context = this.piece.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(this.video, left, region.y, region.width, region.height,
      0, 0, this.piece.width, this.piece.height)
    return { region, scale: region.width / this.piece.width }
  }

  receive(answer) {
    const frame = this.waiting
    this.waiting = null
    if (!answer.roi) return setTimeout(() => this.send(), PAUSE)
    Object.assign(this, { roi: answer.roi, mirror: answer.mirror, answer: { ...answer, ...frame } })
    clearTimeout(this.fading)
    this.fading = setTimeout(() => this.forget(), STALE)
    this.draw()
    this.send()
  }

  forget() {
    this.answer = null
    this.draw()
  }

  // The frame on the screen with its overlay, sharp on the screen's own pixels.
  draw() {
    const wide = this.video.videoWidth
    const running = Boolean(this.stream && wide)
    const scale = (running ? this.video.clientWidth * devicePixelRatio : 0) / (wide || 1)
    const size = { width: Math.round(scale * wide), height: Math.round(scale * this.video.videoHeight) }
    if (size.width !== this.overlay.width || size.height !== this.overlay.height) Object.assign(this.overlay, size)
    this.video.classList.toggle("mirrored", this.mirror)
    const context = this.overlay.getContext("2d")
    context.clearRect(0, 0, size.width, size.height)
    if (running) this.drawOverlay(context, scale)
    const text = this.answer?.inference ? this.answer.reading : ""
    this.overlay.setAttribute("aria-label", text ? `Read: ${text}` : "Video with the box that is read")
  }

  drawOverlay(context, scale) {
    const wide = scale * this.video.videoWidth, high = scale * this.video.videoHeight
    const line = Math.max(1, Math.round(Math.max(wide, high) / 320)), answer = this.answer
    const region = inPixels(this.roi, wide, high)
    drawBox(context, region, WHITE, line)
    const color = `rgb(${this.data.color})`
    for (const digit of answer?.digits ?? []) {
      const [left, top, width, height] = digit.box.map((side) => scale * answer.scale * side)
      const box = {
        x: scale * answer.region.x + left - 2 * line, y: scale * answer.region.y + top - 2 * line,
        width: width + 4 * line, height: height + 4 * line,
      }
      drawBox(context, box, color, line)
      const text = digit.is_digit ? `${digit.label} ${Math.round(100 * digit.confidence)}%` : "?"
      drawPlate(context, text, box.x, box.y, Math.max(high / 30, 9 * scale), color)
    }
    const text = answer && (answer.inference ? answer.reading : "paused")
    if (!text) return
    const size = high / (answer.inference ? 10 : 18), above = region.y - line
    drawPlate(context, text, region.x, above >= 1.3 * size ? above : region.y + 1.3 * size, size, WHITE)
  }

  save() {
    const canvas = document.createElement("canvas"), { videoWidth: width, videoHeight: height } = this.video
    if (!width) return
    Object.assign(canvas, { width, height })
    const context = canvas.getContext("2d")
    if (this.mirror) context.setTransform(-1, 0, 0, 1, width, 0)
    context.drawImage(this.video, 0, 0)
    context.resetTransform()
    this.drawOverlay(context, 1)
    const link = document.createElement("a")
    link.download = "snapshot.png"
    canvas.toBlob((file) => {
      link.href = URL.createObjectURL(file)
      link.click()
      setTimeout(() => URL.revokeObjectURL(link.href), 60000)
    })
  }

  connect() {
    if (this.socket) return
    const address = new URL("live/video", document.baseURI)
    address.protocol = address.protocol.replace("http", "ws")
    address.search = new URLSearchParams({ session: this.data.session })
    const socket = this.socket = new WebSocket(address)
    socket.onopen = () => this.send()
    socket.onmessage = (event) => {
      this.wait = FIRST_WAIT
      if (socket === this.socket) this.receive(JSON.parse(event.data))
    }
    socket.onclose = () => {
      if (socket !== this.socket) return
      this.waiting = null
      // A closed socket stays in its place until the next attempt.
      setTimeout(() => {
        if (socket !== this.socket) return
        this.disconnect()
        this.send()
      }, this.wait)
      this.wait = Math.min(LONGEST_WAIT, 2 * this.wait)
    }
  }

  disconnect() {
    const socket = this.socket
    this.socket = this.waiting = null
    socket?.close()
  }

  remove() {
    this.attempt += 1
    this.resizing.disconnect()
    this.release()
    this.root.remove()
  }
}

// Streamlit calls the function below at each run of the page, in the same element.
const known = new WeakMap()

export default function ({ parentElement, data, setStateValue }) {
  if (!known.has(parentElement)) {
    known.set(parentElement, new LiveVideo(parentElement, data, (video) => setStateValue("video", video)))
  }
  known.get(parentElement).update(data)
  return () => {
    known.get(parentElement)?.remove()
    known.delete(parentElement)
  }
}
