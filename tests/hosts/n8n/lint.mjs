// Lints packages with the rules of n8n's own scanner (@n8n/scan-community-package 0.32.0, `buildScanConfig`): as they are, and
// once more as sources in TypeScript with the forms written into the classes, because most of n8n's rules read only those.
// Prints a line for each finding: "file:line rule: message".
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { defineConfig } from 'eslint/config';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import * as parser from '@typescript-eslint/parser';
import n8nNodes from 'eslint-plugin-n8n-nodes-base';

const without = (...rules) => Object.fromEntries(rules.map((rule) => [`n8n-nodes-base/${rule}`, 'off']));
const config = defineConfig(
	n8nCommunityNodesPlugin.configs.recommended,
	{ rules: { 'no-console': 'error' } },
	{ plugins: { 'n8n-nodes-base': n8nNodes } },
	{ files: ['package.json'], rules: n8nNodes.configs.community.rules },
	{
		files: ['**/credentials/**/*.ts'],
		rules: {
			...n8nNodes.configs.credentials.rules,
			...without('cred-class-field-documentation-url-miscased', 'cred-class-field-type-options-password-missing'),
		},
	},
	{
		files: ['**/nodes/**/*.ts'],
		rules: {
			...n8nNodes.configs.nodes.rules,
			...without(
				'node-class-description-inputs-wrong-regular-node',
				'node-class-description-outputs-wrong',
				'node-param-type-options-max-value-present',
			),
		},
	},
	{ files: ['**/*.json', '**/*.ts'], languageOptions: { parser } },
);

const read = (...parts) => readFileSync(join(...parts), 'utf8');
const literal = (value) => JSON.stringify(value, null, '\t').replace(/^(\t*)"([A-Za-z_]\w*)":/gm, '$1$2:');

/** Replace a part of the code that has to be there. */
function replace(code, part, by) {
	if (!part.test(code)) throw new Error(`the code has nothing like ${part}`);
	return code.replace(part, () => by);
}

function writeSources(folder) {
	const nodes = join(folder, 'nodes'), credentials = join(folder, 'credentials');
	for (const name of readdirSync(nodes)) {
		const { description } = JSON.parse(read(nodes, name, `${name}.description.json`));
		const types = "import type { INodeType, INodeTypeDescription } from 'n8n-workflow';";
		const form = literal({ inputs: 0, outputs: 0, ...description }).replace(/puts: 0/g, 'puts: [NodeConnectionTypes.Main]');
		let code = read(nodes, name, `${name}.node.js`);
		code = replace(code, /^const .*description\.json'\);$/m, `import operations from './operations.json';\n${types}`);
		code = replace(code, /\tconstructor\(\) \{\n.*\n/, `\tdescription: INodeTypeDescription = ${form};\n`);
		code = replace(code, /\t\tthis\.methods = (.*)\n\t\}/, '\tmethods = { credentialTest: { testCredential } };');
		code = replace(code, /^class \w+ \{/m, `export class ${name} implements INodeType {`);
		writeFileSync(join(nodes, name, `${name}.node.ts`), code);
		rmSync(join(nodes, name, `${name}.node.js`));
	}
	for (const file of readdirSync(credentials).filter((found) => found.endsWith('.credentials.js'))) {
		const name = file.replace('.credentials.js', '');
		const { properties } = JSON.parse(read(credentials, `${name}.properties.json`));
		let code = read(credentials, file);
		const [, fields] = code.match(/\tconstructor\(\) \{\n([\s\S]*?)\t\}\n/);
		const form = `properties: INodeProperties[] = ${literal(properties)};`;
		code = replace(code, /\tconstructor\(\) \{\n[\s\S]*?\t\}\n/, replace(fields.replaceAll('\tthis.', ''), /properties = .*/, form));
		code = replace(code, /^class \w+ \{/m, `export class ${name} implements ICredentialType {`);
		writeFileSync(join(credentials, `${name}.credentials.ts`), code);
		rmSync(join(credentials, file));
	}
}

async function lint(folder, patterns) {
	const options = { cwd: folder, allowInlineConfig: false, overrideConfigFile: true, overrideConfig: config };
	const results = await new ESLint(options).lintFiles(patterns);
	for (const { filePath, messages } of results) {
		for (const { line, ruleId, message } of messages) console.log(`${filePath.slice(folder.length + 1)}:${line} ${ruleId}: ${message}`);
	}
}

for (const source of process.argv.slice(2)) {
	await lint(source, ['**/*.js', '**/*.json']);
	const sources = mkdtempSync(join(tmpdir(), 'n8n-sources-'));
	cpSync(join(source, 'dist'), sources, { recursive: true });
	cpSync(join(source, 'package.json'), join(sources, 'package.json'));
	writeSources(sources);
	await lint(sources, ['**/*.ts', '**/*.json']);
	rmSync(sources, { recursive: true });
}
