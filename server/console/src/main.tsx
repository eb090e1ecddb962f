import { render } from "preact";
import { App } from "./app";
import { startClock } from "./live/clock";
import { startRouter } from "./router";
import { startWords } from "./text/i18n";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/bar.css";
import "./styles/phone.css";
import "./styles/narrow.css";

startRouter();
startClock();
await startWords();
render(<App />, document.getElementById("app") as HTMLElement);
