let before: Element | null = null;

/**
 * As a `ref` of the field that somebody goes on with once a form has opened; when the form goes, they are back where they
 * were. `autofocus` does the first only while nothing else has the focus, and who opened the form by a key was on something.
 */
export const takeFocus = (field: HTMLElement | null): void => {
  if (field !== null) {
    before = document.activeElement;
    field.focus();
    return;
  }
  const back = before;
  // Once it is gone: nothing has the focus then, unless somebody has gone on elsewhere.
  setTimeout(() => {
    if (document.activeElement === document.body && back instanceof HTMLElement && back.isConnected) back.focus();
  });
};
