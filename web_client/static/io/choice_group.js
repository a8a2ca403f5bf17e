// A row of choices of which one holds: radio buttons, so that keys and screen readers know them.

/**
 * @template {string} C
 * @param {HTMLFieldSetElement} fieldset Its legend stays.
 * @param {readonly (readonly [C, string])[]} choices Values and words.
 * @param {(choice: C) => void} onChoose
 * @returns {(choice: C | null) => void} Shows what holds now.
 */
export function choiceGroup(fieldset, choices, onChoose) {
  const inputs = choices.map(([value, text]) => {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = fieldset.id;
    input.value = value;
    input.addEventListener("change", () => onChoose(value));
    const label = document.createElement("label");
    const face = document.createElement("span");
    face.textContent = text;
    label.append(input, face);
    fieldset.append(label);
    return input;
  });
  return (choice) => {
    for (const input of inputs) input.checked = input.value === choice;
  };
}
