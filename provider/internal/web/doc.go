// Package web owns the pages a person sees: sign-in, choice of method, binding, consent, logout, errors and the person's own page;
// with them the browser's cookies, the response headers that guard every page, the translations and the brand.
//
//	browser ──GET /login/{flow}──▶ Flows.Page ──▶ template ──▶ page
//	        ──POST /login/{flow}─▶ Flows.Submit ──▶ 303 to GET /login/{flow}   (refresh and double click do nothing)
//	                                          └──▶ Answer: cookies, then Responder ──▶ the relying party
//
// It decides nothing about a login: which page comes next and who may see it is the login package's, what a method asks is its
// plugin's, and how an answer travels to a relying party is op's. A plugin hands over a closed list of nodes and never HTML; a view
// with a node this package cannot render faithfully is not rendered at all.
//
// Every page works without script. static/app.js only improves: it shows a password on request, estimates its strength, copies a
// secret, stops a double submit; the one exception is WebAuthn, which browsers offer to script alone.
package web
