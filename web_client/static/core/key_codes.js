// `KeyboardEvent.code` to USB HID usage, keyboard page (HID Usage Tables 1.5 §10; UI Events KeyboardEvent code Values).
// A code names the key's place, not its letter, so games work with any layout. The usage is also SDL's scancode.

/** @type {Readonly<Record<string, number>>} */
const USAGES = {
  KeyA: 4, KeyB: 5, KeyC: 6, KeyD: 7, KeyE: 8, KeyF: 9, KeyG: 10, KeyH: 11, KeyI: 12, KeyJ: 13, KeyK: 14, KeyL: 15,
  KeyM: 16, KeyN: 17, KeyO: 18, KeyP: 19, KeyQ: 20, KeyR: 21, KeyS: 22, KeyT: 23, KeyU: 24, KeyV: 25, KeyW: 26,
  KeyX: 27, KeyY: 28, KeyZ: 29, Digit1: 30, Digit2: 31, Digit3: 32, Digit4: 33, Digit5: 34, Digit6: 35, Digit7: 36,
  Digit8: 37, Digit9: 38, Digit0: 39, Enter: 40, Escape: 41, Backspace: 42, Tab: 43, Space: 44, Minus: 45,
  Equal: 46, BracketLeft: 47, BracketRight: 48, Backslash: 49, Semicolon: 51, Quote: 52, Backquote: 53, Comma: 54,
  Period: 55, Slash: 56, CapsLock: 57, F1: 58, F2: 59, F3: 60, F4: 61, F5: 62, F6: 63, F7: 64, F8: 65, F9: 66,
  F10: 67, F11: 68, F12: 69, PrintScreen: 70, ScrollLock: 71, Pause: 72, Insert: 73, Home: 74, PageUp: 75,
  Delete: 76, End: 77, PageDown: 78, ArrowRight: 79, ArrowLeft: 80, ArrowDown: 81, ArrowUp: 82, NumLock: 83,
  NumpadDivide: 84, NumpadMultiply: 85, NumpadSubtract: 86, NumpadAdd: 87, NumpadEnter: 88, Numpad1: 89,
  Numpad2: 90, Numpad3: 91, Numpad4: 92, Numpad5: 93, Numpad6: 94, Numpad7: 95, Numpad8: 96, Numpad9: 97,
  Numpad0: 98, NumpadDecimal: 99, IntlBackslash: 100, ContextMenu: 101, Power: 102, NumpadEqual: 103, F13: 104,
  F14: 105, F15: 106, F16: 107, F17: 108, F18: 109, F19: 110, F20: 111, F21: 112, F22: 113, F23: 114, F24: 115,
  Help: 117, Select: 119, Again: 121, Undo: 122, Cut: 123, Copy: 124, Paste: 125, Find: 126, AudioVolumeMute: 127,
  AudioVolumeUp: 128, AudioVolumeDown: 129, NumpadComma: 133, IntlRo: 135, KanaMode: 136, IntlYen: 137,
  Convert: 138, NonConvert: 139, Lang1: 144, Lang2: 145, Lang3: 146, Lang4: 147, ControlLeft: 224, ShiftLeft: 225,
  AltLeft: 226, MetaLeft: 227, ControlRight: 228, ShiftRight: 229, AltRight: 230, MetaRight: 231,
};

/** @type {ReadonlyMap<string, number>} */
export const KEY_USAGES = new Map(Object.entries(USAGES));

/**
 * The key's usage, or undefined for keys that games are not told of.
 * @param {string} code
 */
export function keyUsage(code) {
  return KEY_USAGES.get(code);
}

/**
 * Whether a key press stays with the browser: full screen, developer tools, and what the system's own key begins.
 * @param {{code: string, metaKey: boolean, ctrlKey: boolean, shiftKey: boolean}} event
 */
export function isForBrowser(event) {
  if (event.code === "F11" || event.code === "F12") return true;
  if (event.ctrlKey && event.shiftKey && ["KeyI", "KeyJ", "KeyC"].includes(event.code)) return true;
  return event.metaKey && !event.code.startsWith("Meta");
}
