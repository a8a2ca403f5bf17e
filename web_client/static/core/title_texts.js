// What a title says of itself, in the page's language: its texts, and the legend of its controls.

/** @import {Control, Device, LegendDevice, PlayedTitle} from "../types.js" */

/**
 * A text in the page's language, else in English, else in any.
 * @param {Readonly<Record<string, string>>} texts By language.
 * @param {string} language
 */
export function textOf(texts, language) {
  return texts[language] ?? texts["en"] ?? Object.values(texts)[0] ?? "";
}

/**
 * The legend of controls by device, the visitor's own first; devices that the title does not name are left out.
 * @param {PlayedTitle} title
 * @param {string} language
 * @param {Device} here What the visitor holds.
 * @returns {LegendDevice[]}
 */
export function legendOf(title, language, here) {
  /** @param {Device} device */
  const rank = (device) => (device === here || (here === "keyboard" && device === "mouse") ? 0 : 1);
  const devices = title.devices.toSorted((one, other) => rank(one) - rank(other));
  return devices.map((device) => ({
    device,
    yours: rank(device) === 0,
    lines: title.controls.flatMap((control) => line(control, device, language)),
  }));
}

/**
 * @param {Control} control
 * @param {Device} device
 * @param {string} language
 */
function line(control, device, language) {
  const use = control.by_device[device];
  return use === undefined ? [] : [{ action: textOf(control.action, language), use: textOf(use, language) }];
}
