"""The search page of textreid: a gallery of people in the browser, and the same searches over HTTP.

`textreid demo` is the way in (`verb`); `serve.running` starts the same page from Python.
"""
