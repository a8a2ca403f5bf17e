// A modal dialog that closes at once, by Escape, by a click beside it and by whatever else closes it.

/**
 * Owns the opening and closing of a dialog. The browser tells of its own way of closing a moment later, and the next
 * key would be lost in between: so Escape closes here, and who follows is told in the same step.
 */
export class ClosingDialog {
  #dialog;
  #onClosed;
  #shown = false;

  /**
   * @param {HTMLDialogElement} dialog Its own box is covered by its content: what is hit of it is the backdrop.
   * @param {() => void} onClosed Called once each time that it is closed.
   */
  constructor(dialog, onClosed) {
    this.#dialog = dialog;
    this.#onClosed = onClosed;
    dialog.addEventListener("close", () => this.#tell());
    dialog.addEventListener("click", ({ target }) => target === dialog && this.close());
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.close();
    });
  }

  get isOpen() {
    return this.#dialog.open;
  }

  open() {
    if (this.isOpen) return;
    this.#shown = true;
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
    this.#tell();
  }

  #tell() {
    // What the browser tells late may be of a time before it was opened again.
    if (!this.#shown || this.isOpen) return;
    this.#shown = false;
    this.#onClosed();
  }
}
