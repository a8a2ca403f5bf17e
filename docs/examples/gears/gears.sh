#!/bin/sh
exec glxgears -geometry 800x600+0+0
