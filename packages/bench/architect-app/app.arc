@app
sessions

@http
get /

@tables
sessions
  _idx *String
  _ttl TTL
