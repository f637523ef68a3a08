// Writes the page into the package: node build.mjs [--check]. With --check, compares it with what is there.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "modulex_mem0", "server", "page_files");
const made = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.jsx"],
  bundle: true,
  // The library's validator would need eval, which the page's policy forbids.
  alias: { "@rjsf/validator-ajv8": "./src/validator.js" },
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  write: false,
});

// A test compares this with the sources where there is no Node.
const sources = ["build.mjs", "package-lock.json", "package.json", ...(await readdir(join(here, "src"))).map((name) => `src/${name}`)];
const digest = createHash("sha256");
for (const name of sources.sort()) digest.update(`${name}\n`).update(await readFile(join(here, name)));

const files = {
  "app.js": made.outputFiles[0].text,
  "index.html": await readFile(join(here, "src", "index.html"), "utf8"),
  "sources.sha256": `${digest.digest("hex")}\n`,
};
const check = process.argv.includes("--check");
await mkdir(target, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const path = join(target, name);
  if (!check) await writeFile(path, text);
  else if ((await readFile(path, "utf8").catch(() => "")) !== text) {
    console.error(`modulex_mem0/server/page_files/${name} is not current; run: make page`);
    process.exitCode = 1;
  }
}
console.log(`the page is ${check ? "checked" : "written"}: app.js ${Math.round(files["app.js"].length / 1000)} kB`);
