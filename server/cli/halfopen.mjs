#!/usr/bin/env node
// The entry point's former name, which may stand in unit files and containers. It works, and starts a little slower.
import './halfopen.cjs'
