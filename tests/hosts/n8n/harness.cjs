// Runs a package's node and credentials as n8n does, with n8n's own n8n-workflow: it loads the classes that package.json
// names, fills in defaults, resolves expressions, signs requests, and makes errors. What n8n-core would add is here in
// short: the context of an execution, whose HTTP helpers use axios, as n8n's do.
//
// stdin: {"package": folder, "runs": [run, …]}, where a run is {"parameters", "items", "credential", "continueOnFail", "tool"},
// {"test": credential}, or {"sign": request, "credential"}.
// stdout: a list with {"items"}, {"status", "message"}, {"headers"} or {"error"} for each run.
'use strict';

const path = require('node:path');
const axios = require('axios');
const { NodeHelpers, Workflow } = require('n8n-workflow');

// As n8n does, so that packages find n8n-workflow wherever they are.
process.env.NODE_PATH = path.join(__dirname, 'node_modules');
require('node:module')._initPaths();

const input = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const manifest = require(path.join(input.package, 'package.json'));
const [credentialType] = manifest.n8n.credentials.map(load);
const [nodeType] = manifest.n8n.nodes.map(load);
// As n8n does with a node that an agent can use: it has another name.
const { name } = nodeType.description;
const toolType = Object.assign(load(manifest.n8n.nodes[0]), {
	description: { ...nodeType.description, name: `${name}Tool` },
});
const getType = (type) => (type === toolType.description.name ? toolType : nodeType);
const nodeTypes = { getByName: getType, getByNameAndVersion: getType };

function load(file) {
	const [name] = path.basename(file).split('.');
	return new (require(path.join(input.package, file))[name])();
}

const withDefaults = (credential) =>
	NodeHelpers.getNodeParameters(credentialType.properties, credential, true, false, null, null);

async function send({ url, method, headers, body, disableFollowRedirect, ignoreHttpStatusErrors }) {
	const reply = await axios.request({
		url,
		method,
		headers,
		data: body,
		maxRedirects: disableFollowRedirect ? 0 : 5,
		validateStatus: ignoreHttpStatusErrors ? () => true : undefined,
		proxy: false,
	});
	return { body: reply.data, headers: reply.headers, statusCode: reply.status };
}

function context({ parameters, items, credential, continueOnFail = false, tool = false }) {
	const given = { id: '1', name: 'Node', type: tool ? `${name}Tool` : name, typeVersion: 1, position: [0, 0], parameters };
	const workflow = new Workflow({ nodes: [given], connections: {}, active: false, nodeTypes });
	const node = workflow.getNode('Node');
	const data = (items ?? [{}]).map((json) => ({ json }));
	return {
		getNode: () => node,
		getInputData: () => data,
		continueOnFail: () => continueOnFail,
		getCredentials: async (name) => {
			if (name !== credentialType.name) throw new Error(`no credential ${name}`);
			return withDefaults(credential);
		},
		getNodeParameter(name, index, fallback) {
			const value = node.parameters[name] === undefined ? fallback : node.parameters[name];
			return workflow.expression.getParameterValue(value, null, 0, index, 'Node', data, 'manual', {});
		},
		helpers: {
			async httpRequestWithAuthentication(name, options) {
				return await send(await credentialType.authenticate(await this.getCredentials(name), options));
			},
		},
	};
}

async function run(step) {
	if (step.test) {
		const helpers = {
			request: ({ uri, ...options }) =>
				send({ ...options, url: uri, disableFollowRedirect: true, ignoreHttpStatusErrors: options.simple === false }),
		};
		const [{ testedBy }] = nodeType.description.credentials;
		return await nodeType.methods.credentialTest[testedBy].call({ helpers }, { data: withDefaults(step.test) });
	}
	try {
		if (step.sign) return { headers: (await credentialType.authenticate(withDefaults(step.credential), step.sign)).headers };
		const [items] = await nodeType.execute.call(context(step));
		return { items: items.map(({ json, pairedItem, error }) => ({ json, pairedItem, failed: error?.message })) };
	} catch (error) {
		const { name, message, description, httpCode, context: where } = error;
		return { error: { name, message, description, httpCode, itemIndex: where?.itemIndex } };
	}
}

(async () => {
	const results = [];
	for (const step of input.runs) results.push(await run(step));
	console.log(JSON.stringify(results));
})();
