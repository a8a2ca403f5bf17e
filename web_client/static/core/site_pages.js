// The pages that the header of every page leads to.

/** @import {SitePage} from "../types.js" */

/** In the order of the header. A page is listed from the day on which its address is served. @type {readonly SitePage[]} */
export const SITE_PAGES = [
  { href: "/", label: "nav.games", role: "guest" },
  { href: "/devices", label: "nav.devices", role: "player" },
  { href: "/check", label: "nav.check", role: "guest" },
  { href: "/operator", label: "nav.operator", role: "operator" },
];

/**
 * The pages that somebody with these roles may open.
 * @param {readonly string[]} roles As `/api/v1/me` has them; none before sign-in.
 */
export function pagesFor(roles) {
  if (roles.includes("guest")) return SITE_PAGES.filter(({ role }) => role === "guest");
  return SITE_PAGES.filter(({ role }) => role !== "operator" || roles.includes(role));
}
