#!/bin/sh
exec glxgears -geometry 640x640+0+0
