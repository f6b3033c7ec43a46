// Says so where the page cannot reach the server that it came from.
window.addEventListener('load', () => {
  const complain = () => {
    const sentence = document.createElement('div');
    sentence.id = 'unreachable';
    sentence.setAttribute('role', 'alert');
    sentence.textContent = `This page cannot reach its server, at ${root}. Is it still running? If another ` +
      'server stands in front of it, start it with --public-url and the address that the page is opened by.';
    document.body.prepend(sentence);
  };
  const root = window.gradio_config?.root ?? location.origin;
  fetch(`${root}/gradio_api/startup-events`, {signal: AbortSignal.timeout(10000)}).then(
    (answer) => { if (![200, 401].includes(answer.status)) complain(); }, complain,
  );
});
