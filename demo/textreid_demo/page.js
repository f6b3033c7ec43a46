// Moves the focus with the panel, and closes it with Escape.
(() => {
  let last = null;
  window.textreidOpened = () => {
    const close = document.querySelector('#close');
    if (!close) return;
    const panel = document.querySelector('#panel');
    if (!panel.contains(document.activeElement)) last = document.activeElement;
    panel.scrollTop = 0;
    close.focus({preventScroll: true});
  };
  window.textreidClosed = () => { if (last?.isConnected) last.focus({preventScroll: true}); };
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') document.querySelector('#close')?.click();
  });
})();
