"""One session's worker: reads the title's frames, encodes them once per rung, serves N peers."""
