#!/bin/sh
# Starts the program that players see. Put yours into this folder and start it as ./PROGRAM, or name one that is
# installed on the node, as here: apt install mesa-utils. What it writes to $HOME is kept for the player.
exec glxgears -geometry 640x640+0+0
