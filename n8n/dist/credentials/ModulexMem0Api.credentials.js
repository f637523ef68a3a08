'use strict';

const { properties, schemes } = require('./ModulexMem0Api.properties.json');

class ModulexMem0Api {
	constructor() {
		this.name = 'modulexMem0Api';
		this.displayName = 'Mem0 (Modulex) API';
		this.documentationUrl = 'https://docs.mem0.ai/platform/quickstart';
		this.icon = { light: 'file:mem0.svg', dark: 'file:mem0.dark.svg' };
		this.properties = properties;
		this.authenticate = authenticate;
	}
}

/** A request with the server's token and the credential in its headers. */
async function authenticate(credentials, request) {
	// An HTTP Request node can use this credential, too: it must not carry the key anywhere else.
	const server = new URL(text(credentials.serverUrl)).origin;
	if (new URL(request.url, request.baseURL ?? server).origin !== server) {
		throw new Error(`this credential is for ${server} alone`);
	}
	const headers = { Authorization: `Bearer ${text(credentials.serverToken)}` };
	const source = credentials.credentialSource;
	if (source === 'stored') headers['Modulex-Credential'] = text(credentials.storedCredential);
	for (const { name, title, header, required } of schemes[source] ?? []) {
		const value = text(credentials[name]);
		// Without it the server would use a credential of its own.
		if (required && !value) throw new Error(`${title} is empty`);
		if (/[^\t\x20-\x7e\xa0-\xff]/.test(value)) {
			throw new Error(`${title} does not fit in a header; store it on the server and choose it by its name`);
		}
		if (value) headers[header] = value;
	}
	return { ...request, headers: { ...request.headers, ...headers } };
}

const text = (value) => String(value ?? '').trim();

module.exports = { ModulexMem0Api };
