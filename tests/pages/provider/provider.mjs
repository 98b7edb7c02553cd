// A real OpenID Connect provider (npm's oidc-provider) with one client, which signs in whoever it is asked to without a question:
// node provider.mjs PORT REDIRECT_URI SIGNED_OUT_URI USER
import {createRequire} from 'node:module';

const {default: Provider} = await import(createRequire(process.env.NODE_MODULES + '/').resolve('oidc-provider'));
const [port, redirect, signedOut, user] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'learntrack', client_secret: 'a secret of the provider and learntrack', redirect_uris: [redirect],
    post_logout_redirect_uris: [signedOut], grant_types: ['authorization_code'], response_types: ['code'],
  }],
  claims: {openid: ['sub'], profile: ['learner_id']},
  pkce: {required: () => true},
  findAccount: (_, id) => ({accountId: id, claims: async () => ({sub: id, learner_id: user})}),
  features: {devInteractions: {enabled: false}, rpInitiatedLogout: {enabled: true}},
  interactions: {url: (_, interaction) => `/as-asked/${interaction.uid}`},
});

provider.use(async (context, next) => {
  if (!context.path.startsWith('/as-asked/')) return next();
  const {params, session} = await provider.interactionDetails(context.req, context.res);
  const grant = new provider.Grant({accountId: session?.accountId ?? 'carla@example.org', clientId: params.client_id});
  grant.addOIDCScope(params.scope);
  await provider.interactionFinished(context.req, context.res,
    {login: {accountId: 'carla@example.org'}, consent: {grantId: await grant.save()}}, {mergeWithLastSubmission: false});
});
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
