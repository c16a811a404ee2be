// The comparison page.

import { Demo } from "./demo";

new Demo().attach();
