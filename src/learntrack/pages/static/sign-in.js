// A token behind the # of the address never reaches a server's log; it is taken out of the address at once.
const given = new URLSearchParams(location.hash.slice(1)).get('token');
if (given) {
  history.replaceState(null, '', location.pathname);
  document.getElementById('token').value = given;
  document.getElementById('sign-in').submit();
}
