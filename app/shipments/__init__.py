"""Shipments: parcels' journeys, their events, and every change of their status."""
