// Pads that a test moves: no browser can be given a real one over its debugging protocol.
(() => {
  const pads = [null, null, null, null];
  Navigator.prototype.getGamepads = () => pads;

  const announce = (type, pad) => {
    const event = new Event(type);
    event.gamepad = pad;
    window.dispatchEvent(event);
  };

  window.fakeGamepads = {
    rumbles: [],
    set(index, pressed, axes) {
      const added = pads[index] === null;
      pads[index] = {
        id: "Test pad (STANDARD GAMEPAD)", index, connected: true, mapping: "standard", timestamp: performance.now(),
        buttons: Array.from({ length: 17 }, (_, button) => {
          const down = pressed.includes(button);
          return { pressed: down, touched: down, value: down ? 1 : 0 };
        }),
        axes,
        vibrationActuator: {
          playEffect: async (kind, effect) => {
            window.fakeGamepads.rumbles.push({ pad: index, kind, ...effect });
            return "complete";
          },
        },
      };
      if (added) announce("gamepadconnected", pads[index]);
    },
    remove(index) {
      const gone = pads[index];
      pads[index] = null;
      announce("gamepaddisconnected", { ...gone, connected: false });
    },
  };
})();
