'use strict';

const { NodeApiError, NodeConnectionTypes } = require('n8n-workflow');
const { ModulexMem0Api } = require('../../credentials/ModulexMem0Api.credentials.js');
const { description, operations } = require('./Mem0.description.json');

const INTEGRATION = 'mem0';
const CREDENTIAL = 'modulexMem0Api';
// What the model of an agent can choose: n8n puts all that it sends into the item, over what is there by that name.
const MODELS_CHOICE = /^=.*\$((fromAI|json|input|data|parameter|rawParameter)\b|items\(\s*\))/is;

class Mem0 {
	constructor() {
		this.description = { ...description, inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main] };
		this.methods = { credentialTest: { testCredential } };
	}

	async execute() {
		const items = [];
		for (let index = 0; index < this.getInputData().length; index++) {
			try {
				items.push(...(await call(this, index)));
			} catch (error) {
				if (!this.continueOnFail()) throw new NodeApiError(this.getNode(), error, { itemIndex: index });
				items.push({ json: error.output ?? { error: error.message }, error, pairedItem: { item: index } });
			}
		}
		return [items];
	}
}

/** Call the chosen operation for one item; returns its output as items. */
async function call(context, index) {
	const name = context.getNodeParameter('operation', index);
	const operation = operations[name];
	const { serverUrl } = await context.getCredentials(CREDENTIAL, index);
	const request = {
		...post(serverUrl, `actions/${name}`),
		body: readInput(context, index, operation.fields),
		json: true,
		returnFullResponse: true,
		ignoreHttpStatusErrors: true,
		disableFollowRedirect: true,
		abortSignal: context.getExecutionCancelSignal?.(),
	};
	let response;
	try {
		response = await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, request);
	} catch (error) {
		throw apiError(context, index, unreachable(serverUrl, error));
	}
	const { body, headers, statusCode } = response;
	if (typeof body?.success !== 'boolean') throw apiError(context, index, unexpected(serverUrl));
	if (!body.success) {
		const reason = { message: body.error, description: advice(headers), httpCode: String(statusCode) };
		throw apiError(context, index, reason, body);
	}
	const split = operation.list && context.getNodeParameter('splitIntoItems', index, false);
	const records = split ? (body[operation.list] ?? []).map(asObject) : [body];
	return records.map((json) => ({ json, pairedItem: { item: index } }));
}

/** The input of an action: what the form holds, without the optional fields that were left as they were. */
function readInput(context, index, fields) {
	const { parameters: form, type } = context.getNode();
	const input = {};
	const refuseModelsChoice = (parameter, expression) => {
		if (!fields[parameter]?.owner || !type.endsWith('Tool') || !MODELS_CHOICE.test(expression)) return;
		throw apiError(context, index, notTheModels(parameter));
	};
	for (const [parameter, { property, kind, optional, rows }] of Object.entries(fields)) {
		if (!property) continue;
		const asRows = rows && context.getNodeParameter(`${property}Source`, index, 'fields') === 'fields';
		const name = rows && !asRows ? `${property}Json` : property;
		refuseModelsChoice(parameter, form[name]);
		const held = context.getNodeParameter(name, index, '');
		const value = asRows ? (held.entries ?? []) : held;
		// The result of an expression is sent even if it is empty: it may stand for a value that got lost.
		if (optional && isBlank(value) && !String(form[name] ?? '').startsWith('=')) continue;
		input[parameter] = readValue(value, kind);
	}
	// A field that was added is sent even if it is empty, for the same reason.
	for (const [parameter, value] of Object.entries(context.getNodeParameter('additionalFields', index, {}))) {
		refuseModelsChoice(parameter, form.additionalFields[parameter]);
		input[parameter] = readValue(value, fields[parameter]?.kind);
	}
	return input;
}

/** A field's value as the action takes it. Text that is not JSON is sent as it is: the action judges it. */
function readValue(value, kind) {
	if (value === undefined || value === null) return '';
	if (kind === 'text' && ['number', 'bigint'].includes(typeof value)) return String(value);
	if (typeof value !== 'string' || (kind !== 'json' && kind !== 'list')) return value;
	try {
		const parsed = JSON.parse(value);
		if (typeof parsed === 'object') return parsed;
	} catch {
		if (kind === 'json' || /^\s*[[{]/.test(value)) return value;
	}
	if (kind === 'json' || !value.trim()) return value;
	return value.split(',').map((part) => part.trim()).filter(Boolean);
}

/** The Test of the credentials form: asks the service, and shows its answer. */
async function testCredential(credential) {
	const { serverUrl } = credential.data;
	// A credential test has this helper alone, and it sends no credential by itself.
	const { request } = this.helpers;
	let answer;
	try {
		const { url: uri, ...signed } = await new ModulexMem0Api().authenticate(credential.data, post(serverUrl, 'test'));
		const options = { simple: false, resolveWithFullResponse: true, followRedirect: false };
		answer = await request({ ...signed, ...options, uri, body: {}, json: true });
	} catch (error) {
		return failed(unreachable(serverUrl, error));
	}
	const { body, headers, statusCode } = answer;
	if (typeof body?.success !== 'boolean') return failed(unexpected(serverUrl));
	if (body.success) return { status: 'OK', message: 'Mem0 accepts this credential' };
	// An integration without a test: that the server answers is all that can be known.
	if (statusCode === 501) return { status: 'OK', message: `The server answers; ${body.error}` };
	return failed({ message: body.error, description: advice(headers) });
}

const failed = ({ message, description }) => ({ status: 'Error', message: `${message}. ${description}`.trim() });
const isBlank = (value) => ['', '[]', '{}', 'undefined', 'null'].includes(String(value).trim());
const asObject = (value) => (value !== null && typeof value === 'object' ? value : { value });
const post = (serverUrl, path) => ({
	method: 'POST',
	url: `${serverUrl.trim().replace(/\/+$/, '')}/v1/integrations/${INTEGRATION}/${path}`,
});
// The header names the server's own token; without it, the error is the service's or the action's.
const advice = (headers) =>
	headers['www-authenticate'] ? 'Correct the server token in the credential.' : (headers['modulex-advice'] ?? '');
const notTheModels = (parameter) => ({
	message: `invalid_input: ${parameter}: must not be the choice of the agent's model`,
	description: "Write it, or take it from a node by name: {{ $('When chat message received').item.json.user }}",
});
const unexpected = (serverUrl) => ({
	message: `${serverUrl} did not answer as modulex-mem0 serve does`,
	description: 'Check the server URL in the credential.',
});
const unreachable = (serverUrl, error) => {
	const code = error.code ?? error.cause?.code;
	// Without a code nothing was sent: the credential itself is not complete.
	if (!code) return { message: error.message, description: 'Correct the credential.' };
	const description = 'Start the server with: modulex-mem0 serve. Then check the server URL in the credential.';
	return { message: `${serverUrl} cannot be reached: ${code}`, description };
};

/** An error with its message as it is: n8n words those of some statuses and codes in its own way. */
function apiError(context, itemIndex, reason, output) {
	const error = new NodeApiError(context.getNode(), {}, { ...reason, itemIndex });
	return Object.assign(error, { message: reason.message, output });
}

module.exports = { Mem0 };
