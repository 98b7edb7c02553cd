// A token behind the # of any page's address signs in, also in a tab that is open already. It never reaches a server's
// log, and is taken out of the address at once. Where somebody else is signed in, they are not replaced without a word.
async function signInByAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  await signIn(token, false);
}

async function signIn(token, instead) {
  const headers = {Authorization: `Bearer ${token}`};
  if (instead) headers['Learntrack-Instead'] = 'true';
  const answer = await fetch('/reports/sign-in', {method: 'POST', headers, redirect: 'manual'});
  // A redirect that is not followed has no status that could be read: it is the answer to a good token.
  if (answer.status === 409) ask(token);
  else if (answer.type !== 'opaqueredirect') location.assign('/reports/sign-in?wrong=true');
  else if (instead || location.pathname.startsWith('/reports/sign-in')) location.assign('/reports/');
  else location.reload();
}

function ask(token) {
  const notice = document.getElementById('notice');
  const said = document.createElement('b');
  said.textContent = notice.dataset.other;
  const button = document.createElement('button');
  button.className = 'button small';
  button.textContent = notice.dataset.instead;
  button.addEventListener('click', () => signIn(token, true));
  notice.className = 'notice help';
  notice.replaceChildren(said, button);
}

addEventListener('hashchange', signInByAddress);
signInByAddress();
