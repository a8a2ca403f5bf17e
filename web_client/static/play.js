// Starts the play page.

import { readVisit } from "./core/visit.js";
import { showInsecureNotice } from "./io/insecure_notice.js";
import { speak } from "./io/language.js";
import { PlayPage } from "./io/play_page.js";
import { byId } from "./io/screens.js";

const spoken = speak();
showInsecureNotice(byId("insecure_notice", HTMLElement), spoken.words);
const visit = readVisit(location);
// The token is used once; it must stay neither in the history nor in a copied address.
if (visit.token !== null) history.replaceState(null, "", location.pathname + location.search);
const page = new PlayPage(spoken, visit);
window.farplay = { stats: () => page.stats() };
page.start();
