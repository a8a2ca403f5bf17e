// Twin of wire/schema.py for wire/session_control.py: JSON control messages, checked field by field against the
// descriptions that constants.js brings from the dataclasses. Unknown fields are ignored, an unknown type is an error.

import { CONTROL_MESSAGE_MAX_BYTES, FROM_TAB, Reason, TO_TAB } from "./constants.js";
import { WireError } from "./errors.js";

/** @import {FieldSpec, FromTab, ToTab} from "../types.js" */

/** @typedef {Readonly<Record<string, Readonly<Record<string, FieldSpec>>>>} Family */

const utf8 = new TextEncoder();

/**
 * A message for the broker as compact JSON; fields that have a default may be left out.
 * @param {FromTab} message
 */
export function encodeMessage(message) {
  return JSON.stringify(message);
}

/**
 * Read what the broker sent.
 * @param {string} text
 * @returns {ToTab}
 */
export function decodeMessage(text) {
  return /** @type {ToTab} */ (decode(text, /** @type {Family} */ (TO_TAB)));
}

/**
 * Read what a tab sent; for stand-in brokers in tests.
 * @param {string} text
 * @returns {FromTab}
 */
export function decodeFromTab(text) {
  return /** @type {FromTab} */ (decode(text, /** @type {Family} */ (FROM_TAB)));
}

/**
 * @param {string} text
 * @param {Family} family
 */
function decode(text, family) {
  if (text.length > CONTROL_MESSAGE_MAX_BYTES || utf8.encode(text).length > CONTROL_MESSAGE_MAX_BYTES) {
    throw new WireError(Reason.TOO_LARGE, `a control message may have ${CONTROL_MESSAGE_MAX_BYTES} bytes`);
  }
  const body = parse(text);
  if (!isObject(body) || typeof body["type"] !== "string") {
    throw new WireError(Reason.MALFORMED, "a control message is an object with a string 'type'");
  }
  const label = body["type"];
  const fields = Object.hasOwn(family, label) ? family[label] : undefined;
  if (fields === undefined) throw new WireError(Reason.UNKNOWN_TYPE, `unknown message type ${label.slice(0, 40)}`);
  return { type: label, ...readObject(fields, body, label) };
}

/** @param {string} text */
function parse(text) {
  try {
    return /** @type {unknown} */ (JSON.parse(text));
  } catch {
    throw new WireError(Reason.MALFORMED, "not JSON");
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {Readonly<Record<string, FieldSpec>>} fields
 * @param {unknown} body
 * @param {string} where
 * @returns {Record<string, unknown>}
 */
function readObject(fields, body, where) {
  if (!isObject(body)) throw new WireError(Reason.MALFORMED, `${where} must be an object`);
  /** @type {Record<string, unknown>} */
  const read = {};
  for (const [name, spec] of Object.entries(fields)) {
    const path = `${where}.${name}`;
    if (Object.hasOwn(body, name)) read[name] = readValue(spec, body[name], path);
    else if ("default" in spec) read[name] = spec.default;
    else throw new WireError(Reason.MALFORMED, `${path} is missing`);
  }
  return read;
}

/**
 * @param {FieldSpec} spec
 * @param {unknown} value
 * @param {string} where
 * @returns {unknown}
 */
function readValue(spec, value, where) {
  if (spec.nullable && value === null) return null;
  switch (spec.kind) {
    case "object":
      return readObject(spec.fields, value, where);
    case "list":
      if (!Array.isArray(value) || value.length > spec.max_len) break;
      return value.map((item, index) => readValue(spec.item, item, `${where}[${index}]`));
    case "enum":
      if (typeof value !== "string" || !spec.values.includes(value)) break;
      return value;
    case "bool":
      if (typeof value !== "boolean") break;
      return value;
    case "string":
      if (typeof value !== "string" || !isText(value, spec.max_len)) break;
      if (spec.max_bytes !== undefined && writtenBytes(value) > spec.max_bytes) break;
      return value;
    default:
      if (typeof value !== "number" || value < spec.min || value > spec.max) break;
      if (spec.kind === "int" && !Number.isInteger(value)) break;
      return value;
  }
  throw new WireError(Reason.MALFORMED, `${where} must be ${spec.kind}`);
}

/**
 * What a text takes in a message: escaped, in UTF-8, without its quotes.
 * @param {string} text
 */
function writtenBytes(text) {
  return utf8.encode(JSON.stringify(text)).length - 2;
}

/**
 * Whether `text` is valid Unicode of at most `max` code points.
 * @param {string} text
 * @param {number} max
 */
function isText(text, max) {
  return !/\p{Surrogate}/u.test(text) && (text.length <= max || [...text].length <= max);
}
