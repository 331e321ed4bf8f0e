// Reports whether this browser can use a camera.
export default function (component) {
  const { setStateValue, data } = component
  let known = data.known
  const report = (camera) => {
    if (camera !== known) setStateValue("camera", known = camera)
  }
  const devices = navigator.mediaDevices
  let permission = null
  const check = async () => {
    if (!window.isSecureContext || !devices) return report("insecure")
    const found = await devices.enumerateDevices()
    if (!found.some((device) => device.kind === "videoinput")) return report("none")
    if (permission?.state === "denied") return report("denied")
    report(window.RTCPeerConnection ? "available" : "no WebRTC")
  }
  // Some browsers cannot query permissions, or not those of cameras.
  const query = navigator.permissions?.query({ name: "camera" }) ?? Promise.reject()
  query.then((status) => { permission = status; status.onchange = check }, () => null).then(check)
  devices?.addEventListener("devicechange", check)
  return () => {
    devices?.removeEventListener("devicechange", check)
    if (permission) permission.onchange = null
  }
}
