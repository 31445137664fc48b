#!/usr/bin/env python3
"""Starts moto, which stands in for Application Auto Scaling alone.

The services that are scaled live in another emulator: whether there are any is not asked here.
"""

import sys

from moto.applicationautoscaling import models
from moto.server import main

models.ApplicationAutoscalingBackend._ecs_service_exists_for_target = lambda *_: True

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
