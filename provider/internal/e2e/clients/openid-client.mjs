// Relying parties made of npm's openid-client (panva), driven by openidclient_test.go over standard input and output: one JSON object a line.
// To the test go {"visit": …}, answered with where the visitor landed, and {"check": name, "error"?: text}, which is not answered.
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import * as oidc from 'openid-client'
import * as jose from 'jose'

const { issuer, secrets, key, callback, goodbye } = JSON.parse(process.env.SETUP)
const server = new URL(issuer)

const send = message => process.stdout.write(JSON.stringify(message) + '\n')
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** Opens a URL in the visitor's browser, signs the person in if asked, and returns the request that leaves the provider. */
async function visit (url, visitor, person) {
  send({ visit: { url: url.href, visitor, person } })
  const { value } = await lines.next()
  const landed = JSON.parse(value)
  if (landed.method === 'POST') {
    return new Request(landed.url, { method: 'POST', body: new URLSearchParams(Object.entries(landed.form).map(([k, [v]]) => [k, v])) })
  }
  const to = new URL(landed.url)
  if (to.hash) { // what the script of a page does with response_mode=fragment
    to.search = to.hash.slice(1)
    to.hash = ''
  }
  return to
}

async function check (name, f) {
  try {
    await f()
    send({ check: name })
  } catch (error) {
    const cause = error.cause && error.cause !== error ? ` (${JSON.stringify(error.cause)})` : ''
    send({ check: name, error: (error.stack ?? String(error)) + cause })
  }
}

const discover = (id, auth, metadata) => oidc.discovery(server, id, metadata, auth)

/** A complete login: the authorization request, the visitor, the code. */
async function login (config, person, more = {}, visitor = person) {
  const state = oidc.randomState()
  const nonce = oidc.randomNonce()
  const verifier = oidc.randomPKCECodeVerifier()
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: 'openid profile email offline_access', state, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...more
  })
  const answer = await visit(url, visitor, person)
  const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks)
  return { tokens, answer, checks, sub: tokens.claims().sub }
}

// What openid-client makes of invalid_client, whose status 401 comes with WWW-Authenticate (RFC 9110 section 15.5.2).
const challenged = 'OAUTH_WWW_AUTHENTICATE_CHALLENGE'

/** The error code with which a promise is refused. */
async function refusal (promise) {
  try {
    await promise
  } catch (error) {
    return error.error ?? error.code ?? String(error)
  }
  return 'nothing: it was granted'
}

const basic = await discover('basic', oidc.ClientSecretBasic(secrets.basic))

await check('discovery', async () => {
  const meta = basic.serverMetadata()
  assert.equal(meta.issuer, issuer)
  assert.ok(meta.supportsPKCE(), 'PKCE S256 is announced')
  assert.ok(meta.authorization_response_iss_parameter_supported, 'RFC 9207 is announced')
  for (const method of ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']) {
    assert.ok(meta.token_endpoint_auth_methods_supported.includes(method), method)
  }
  for (const mode of ['query', 'fragment', 'form_post']) assert.ok(meta.response_modes_supported.includes(mode), mode)
})

await check('code, PKCE, state, nonce, client_secret_basic', async () => {
  const { tokens, sub } = await login(basic, 'basic')
  assert.equal(tokens.token_type, 'bearer')
  const claims = tokens.claims()
  assert.equal(claims.acr, 'urn:varco:1fa')
  assert.deepEqual(claims.amr, ['pwd'])
  const info = await oidc.fetchUserInfo(basic, tokens.access_token, sub)
  assert.equal(info.name, 'Persona basic')
  assert.equal(info.email, 'basic@bank.test')
  const seen = await oidc.tokenIntrospection(basic, tokens.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.sub, sub)
  assert.equal(seen.client_id, 'basic')
  // RFC 9068: a resource server can verify the access token by itself.
  const keys = jose.createRemoteJWKSet(new URL(basic.serverMetadata().jwks_uri))
  const { payload } = await jose.jwtVerify(tokens.access_token, keys, { issuer, audience: 'basic', typ: 'at+jwt' })
  assert.equal(payload.sub, sub)
})

await check('refresh rotates', async () => {
  const { tokens, sub } = await login(basic, 'rotate')
  const next = await oidc.refreshTokenGrant(basic, tokens.refresh_token)
  assert.notEqual(next.refresh_token, tokens.refresh_token)
  assert.equal(next.claims().sub, sub)
  const last = await oidc.refreshTokenGrant(basic, next.refresh_token)
  await oidc.fetchUserInfo(basic, last.access_token, sub)
})

await check('reuse of a refresh token ends the family', async () => {
  const { tokens } = await login(basic, 'reuse')
  const next = await oidc.refreshTokenGrant(basic, tokens.refresh_token)
  assert.equal(await refusal(oidc.refreshTokenGrant(basic, tokens.refresh_token)), 'invalid_grant')
  assert.equal(await refusal(oidc.refreshTokenGrant(basic, next.refresh_token)), 'invalid_grant')
  assert.equal((await oidc.tokenIntrospection(basic, next.access_token)).active, false)
})

await check('reuse of a code ends what it gave', async () => {
  const { tokens, answer, checks } = await login(basic, 'twice')
  assert.equal(await refusal(oidc.authorizationCodeGrant(basic, answer, checks)), 'invalid_grant')
  assert.equal((await oidc.tokenIntrospection(basic, tokens.access_token)).active, false)
  assert.equal(await refusal(oidc.refreshTokenGrant(basic, tokens.refresh_token)), 'invalid_grant')
})

await check('a wrong PKCE verifier is refused', async () => {
  const verifier = oidc.randomPKCECodeVerifier()
  const url = oidc.buildAuthorizationUrl(basic, {
    redirect_uri: callback, scope: 'openid', code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256'
  })
  const answer = await visit(url, 'verifier', 'verifier')
  assert.equal(await refusal(oidc.authorizationCodeGrant(basic, answer, { pkceCodeVerifier: oidc.randomPKCECodeVerifier() })), 'invalid_grant')
})

await check('a request without PKCE is refused', async () => {
  const answer = await visit(oidc.buildAuthorizationUrl(basic, { redirect_uri: callback, scope: 'openid' }), 'nopkce', 'verifier')
  assert.equal(await refusal(oidc.authorizationCodeGrant(basic, answer, {})), 'invalid_request')
})

await check('client_secret_post, response_mode=form_post', async () => {
  const post = await discover('post', oidc.ClientSecretPost(secrets.post))
  const { tokens, answer, sub } = await login(post, 'post', { response_mode: 'form_post' })
  assert.ok(answer instanceof Request, 'the answer came as a POST')
  await oidc.fetchUserInfo(post, tokens.access_token, sub)
  const wrong = await discover('post', oidc.ClientSecretPost(secrets.basic))
  assert.equal(await refusal(oidc.refreshTokenGrant(wrong, tokens.refresh_token)), challenged)
  const otherWay = await discover('post', oidc.ClientSecretBasic(secrets.post))
  assert.equal(await refusal(oidc.refreshTokenGrant(otherWay, tokens.refresh_token)), challenged)
  await oidc.refreshTokenGrant(post, tokens.refresh_token)
})

await check('a public client, response_mode=fragment', async () => {
  const spa = await discover('spa', oidc.None())
  const { tokens, sub } = await login(spa, 'spa', { response_mode: 'fragment' })
  await oidc.fetchUserInfo(spa, tokens.access_token, sub)
  const next = await oidc.refreshTokenGrant(spa, tokens.refresh_token)
  assert.notEqual(next.refresh_token, tokens.refresh_token)
  await oidc.tokenRevocation(spa, next.refresh_token)
  assert.equal(await refusal(oidc.refreshTokenGrant(spa, next.refresh_token)), 'invalid_grant')
})

await check('private_key_jwt', async () => {
  const privateKey = await jose.importJWK(key, 'ES256')
  const jwt = await discover('jwt', oidc.PrivateKeyJwt({ key: privateKey, kid: key.kid }))
  const { tokens, sub } = await login(jwt, 'jwt')
  await oidc.fetchUserInfo(jwt, tokens.access_token, sub)
  await oidc.refreshTokenGrant(jwt, tokens.refresh_token)
  assert.equal((await oidc.tokenIntrospection(jwt, tokens.access_token)).active, true)

  const { privateKey: stranger } = await jose.generateKeyPair('ES256')
  const forged = await discover('jwt', oidc.PrivateKeyJwt({ key: stranger, kid: key.kid }))
  assert.equal(await refusal(oidc.clientCredentialsGrant(forged)), challenged)
  const secret = await discover('jwt', oidc.ClientSecretBasic(secrets.basic))
  assert.equal(await refusal(oidc.clientCredentialsGrant(secret)), challenged)

  // One assertion, twice: the second is a replay.
  const assertion = await new jose.SignJWT({ jti: oidc.randomState() }).setProtectedHeader({ alg: 'ES256', kid: key.kid })
    .setIssuer('jwt').setSubject('jwt').setAudience(issuer).setIssuedAt().setExpirationTime('1m').sign(privateKey)
  const body = () => new URLSearchParams({ token: tokens.access_token, client_assertion: assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' })
  const endpoint = jwt.serverMetadata().introspection_endpoint
  assert.equal((await fetch(endpoint, { method: 'POST', body: body() })).status, 200)
  assert.equal((await fetch(endpoint, { method: 'POST', body: body() })).status, 401)
})

await check('client_credentials', async () => {
  const machine = await discover('machine', oidc.ClientSecretBasic(secrets.machine))
  const tokens = await oidc.clientCredentialsGrant(machine, { scope: 'payments' })
  assert.equal(tokens.refresh_token, undefined)
  assert.equal(tokens.id_token, undefined)
  const seen = await oidc.tokenIntrospection(machine, tokens.access_token)
  assert.equal(seen.active, true)
  assert.equal(seen.scope, 'payments')
  assert.equal(await refusal(oidc.clientCredentialsGrant(machine, { scope: 'everything' })), 'invalid_scope')
  assert.equal(await refusal(oidc.clientCredentialsGrant(basic)), 'unauthorized_client')
  // A resource server may look at another client's token; a client that is none may not.
  const theirs = (await login(basic, 'resource')).tokens.access_token
  assert.equal((await oidc.tokenIntrospection(machine, theirs)).active, true)
  assert.equal((await oidc.tokenIntrospection(basic, tokens.access_token)).active, false)
})

await check('revocation', async () => {
  const { tokens, sub } = await login(basic, 'revoke')
  assert.equal((await oidc.tokenIntrospection(basic, tokens.refresh_token)).active, true)
  await oidc.tokenRevocation(basic, tokens.refresh_token)
  assert.equal((await oidc.tokenIntrospection(basic, tokens.refresh_token)).active, false)
  assert.equal(await refusal(oidc.refreshTokenGrant(basic, tokens.refresh_token)), 'invalid_grant')
  assert.equal((await oidc.tokenIntrospection(basic, tokens.access_token)).active, false)
  assert.notEqual(await refusal(oidc.fetchUserInfo(basic, tokens.access_token, sub)), 'nothing: it was granted')
  await oidc.tokenRevocation(basic, 'not a token at all') // RFC 7009 section 2.2
})

await check('single sign-on, prompt, max_age and step-up', async () => {
  const first = await login(basic, 'sso')
  const silent = await login(basic, 'sso', { prompt: 'none' })
  assert.equal(silent.sub, first.sub)
  assert.equal(silent.tokens.claims().auth_time, first.tokens.claims().auth_time)
  assert.equal(await refusal(login(basic, 'sso', { prompt: 'none', acr_values: 'urn:varco:sca' })), 'login_required')
  const strong = (await login(basic, 'sso', { acr_values: 'urn:varco:sca' })).tokens.claims()
  assert.equal(strong.acr, 'urn:varco:sca')
  assert.ok(strong.amr.includes('pwd') && strong.amr.includes('otp'), String(strong.amr))
  const fresh = (await login(basic, 'sso', { max_age: '0' })).tokens.claims()
  assert.ok(fresh.auth_time >= strong.auth_time, 'auth_time went on')
  assert.equal(await refusal(login(basic, 'sso', { prompt: 'none' }, 'another browser')), 'login_required')
})

await check('logout', async () => {
  const { tokens } = await login(basic, 'logout')
  const url = oidc.buildEndSessionUrl(basic, { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state: 'bye' })
  const landed = await visit(url, 'logout', 'logout')
  assert.equal(landed.href, goodbye + '?state=bye')
  assert.equal(await refusal(login(basic, 'logout', { prompt: 'none' })), 'login_required')
})

send({ done: true })
lines.return?.()
process.stdin.destroy()
