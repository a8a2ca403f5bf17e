#!/bin/sh
# Settings and saved games go to the player's save folder, which is the home folder here.
exec chocolate-doom -iwad /usr/share/games/doom/freedoom1.wad -geometry 640x480w -nogui -nomouse \
  -config "$HOME/doom.cfg" -extraconfig "$HOME/chocolate-doom.cfg" -savedir "$HOME" "$@"
