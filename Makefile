# SPDX-License-Identifier: BSD-3-Clause
.DEFAULT_GOAL := help
.PHONY: help clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

clean: ## remove build/ (the cache stays)
	rm -rf build
