// The page at every address that leads nowhere.

import { speak } from "./io/language.js";

const { words } = speak();
document.title = `${words("not_found.title")} – ${words("app.name")}`;
