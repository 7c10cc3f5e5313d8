// Original file: proto/suho/v1/alerts.proto

import type { MethodDefinition } from '@grpc/proto-loader'
import type { AcknowledgeAlertRequest as _suho_v1_AcknowledgeAlertRequest, AcknowledgeAlertRequest__Output as _suho_v1_AcknowledgeAlertRequest__Output } from '../../suho/v1/AcknowledgeAlertRequest.js';
import type { AcknowledgeAlertResponse as _suho_v1_AcknowledgeAlertResponse, AcknowledgeAlertResponse__Output as _suho_v1_AcknowledgeAlertResponse__Output } from '../../suho/v1/AcknowledgeAlertResponse.js';
import type { CloseAlertRequest as _suho_v1_CloseAlertRequest, CloseAlertRequest__Output as _suho_v1_CloseAlertRequest__Output } from '../../suho/v1/CloseAlertRequest.js';
import type { CloseAlertResponse as _suho_v1_CloseAlertResponse, CloseAlertResponse__Output as _suho_v1_CloseAlertResponse__Output } from '../../suho/v1/CloseAlertResponse.js';
import type { ListAlertsRequest as _suho_v1_ListAlertsRequest, ListAlertsRequest__Output as _suho_v1_ListAlertsRequest__Output } from '../../suho/v1/ListAlertsRequest.js';
import type { ListAlertsResponse as _suho_v1_ListAlertsResponse, ListAlertsResponse__Output as _suho_v1_ListAlertsResponse__Output } from '../../suho/v1/ListAlertsResponse.js';

export interface AlertServiceDefinition {
  AcknowledgeAlert: MethodDefinition<_suho_v1_AcknowledgeAlertRequest, _suho_v1_AcknowledgeAlertResponse, _suho_v1_AcknowledgeAlertRequest__Output, _suho_v1_AcknowledgeAlertResponse__Output>
  CloseAlert: MethodDefinition<_suho_v1_CloseAlertRequest, _suho_v1_CloseAlertResponse, _suho_v1_CloseAlertRequest__Output, _suho_v1_CloseAlertResponse__Output>
  ListAlerts: MethodDefinition<_suho_v1_ListAlertsRequest, _suho_v1_ListAlertsResponse, _suho_v1_ListAlertsRequest__Output, _suho_v1_ListAlertsResponse__Output>
}
