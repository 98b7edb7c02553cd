// A token behind the # of any page's address signs in, also in a tab that is open already. It never reaches a server's log,
// and is taken out of the address at once.
async function signInByAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  const answer = await fetch('/reports/sign-in', {
    method: 'POST', headers: {Authorization: `Bearer ${token}`}, redirect: 'manual',
  });
  // A redirect that is not followed has no status that could be read: it is the answer to a good token.
  if (answer.type !== 'opaqueredirect') location.assign('/reports/sign-in?wrong=true');
  else if (location.pathname.startsWith('/reports/sign-in')) location.assign('/reports/');
  else location.reload();
}
addEventListener('hashchange', signInByAddress);
signInByAddress();
