// Compiles each schema with Ajv in its strict mode, as clients in JavaScript do, and prints what it says of each.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

const complaints = {};
for (const [name, schema] of Object.entries(JSON.parse(readFileSync(process.argv[2], "utf8")))) {
  try {
    new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: true }).compile(schema);
  } catch (error) {
    complaints[name] = String(error);
  }
}
console.log(JSON.stringify(complaints));
