"""What is said: every record that enters, leaves or is kept, its Avro schema, its topic and its codec."""
