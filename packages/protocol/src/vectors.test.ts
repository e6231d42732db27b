import * as protocol from "./index.ts";
import { vectorsContract } from "./vectors.contract.ts";

vectorsContract("node:crypto", protocol);
